/** Next hides what an error says from the browser, save its digest. */
export const databaseAwayDigest = "database-away";
