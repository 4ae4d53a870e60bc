/** How what was watched ended, in the API's words and in ours. */
export type Outcome = { answer: Record<string, unknown>; isSuccess: boolean; text: string };
