/** What is told once for all endpoints, in the order of the page. */
export const conventions = [
  { id: "calling", name: "Calling it" },
  { id: "errors", name: "Errors" },
  { id: "lists", name: "Lists" },
  { id: "idempotency", name: "Doing it once" },
  { id: "etags", name: "Changing what you have read" },
  { id: "quota", name: "Quota" },
  { id: "causation", name: "Who and why" },
  { id: "filters", name: "Filters of a webhook" },
  { id: "receiving", name: "Receiving events" },
] as const;
export type ConventionId = (typeof conventions)[number]["id"];
