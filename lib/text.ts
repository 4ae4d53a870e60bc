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

/** What prints nothing and takes no place of its own: blanks, and characters that only format others. */
const invisible = "[\\s\\p{Cf}\\p{Default_Ignorable_Code_Point}\\u2800]";
const invisibleEdge = new RegExp(`^${invisible}+|${invisible}+$`, "gu");
const notOneLine = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** They turn the text around them, and that of whatever stands beside it on a page. */
const directionMark = /[\u202A-\u202E\u2066-\u2069]/;

/**
 * A required line of text of 1 to `most` characters (code points), such as a name or a title: in
 * Unicode's normal form C, without invisible characters at its ends.
 */
export function plainText(most: number) {
  return line({ least: 1, most });
}

/** The same, empty too. */
export function plainTextOrNone(most: number) {
  return line({ least: 0, most });
}

function line({ least, most }: { least: 0 | 1; most: number }) {
  return z
    .string()
    .normalize("NFC")
    .overwrite((text) => text.replace(invisibleEdge, ""))
    .superRefine((text, refinement) => {
      const message = text.length < least ? "must not be empty" : faultOfLine(text, most);
      if (message) refinement.addIssue({ code: "custom", message });
    })
    .meta({ ...(least > 0 && { minLength: least }), maxLength: most });
}

function faultOfLine(text: string, most: number): string | null {
  if (countCharacters(text) > most) return `must have at most ${most} characters`;
  if (!isStorable(text)) return notStorable;
  if (notOneLine.test(text)) return "must be one line, without control characters";
  return directionMark.test(text) ? "must not change the direction of what follows it" : null;
}

/** A required text of any number of lines, trimmed, of 1 to `most` characters (code points). */
export function proseText(most: number) {
  return z
    .string()
    .trim()
    .refine((text) => text.replace(invisibleEdge, "") !== "", "must not be empty")
    .refine((text) => countCharacters(text) <= most, `must have at most ${most} characters`)
    .refine(storable, notStorable)
    .meta({ minLength: 1, maxLength: most });
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
