import { invalid, type FieldError } from "@/lib/errors";

/** More errors than these help nobody. */
export const mostErrors = 100;

/** Throws what refuses the input for these errors, of which it tells the first 100; none: nothing. */
export function refuseFor(errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(...errors.slice(0, mostErrors));
}
