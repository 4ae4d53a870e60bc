import { z } from "zod";

const lonePair = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Can PostgreSQL hold this text? It has no NUL and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes("\u0000") && !lonePair.test(text);
}

/** Code points, so that an emoji at the edge counts as one. */
const countCharacters = (text: string) => Array.from(text).length;
const storable = (text: string) => isStorable(text);
const notStorable = "must not contain NUL or half a surrogate pair";

/** A required line of text, trimmed, of 1 to `most` characters (code points). */
export function plainText(most: number) {
  return z
    .string()
    .trim()
    .min(1, "must not be empty")
    .refine((text) => countCharacters(text) <= most, `must have at most ${most} characters`)
    .refine(storable, notStorable)
    .meta({ maxLength: most });
}

/** A text that may be empty or null, of at most `most` characters (code points). */
export function longText(most: number) {
  return z
    .string()
    .refine((text) => countCharacters(text) <= most, `must have at most ${most} characters`)
    .refine(storable, notStorable)
    .meta({ maxLength: most })
    .nullish();
}
