import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

const prefix = "whsec_";
const version = "v1";
const nonceBytes = 12;
const tagBytes = 16;

/** A new signing secret as Standard Webhooks writes it: `whsec_` and the base64 of 32 bytes. */
export function makeSecret(): string {
  return prefix + randomBytes(32).toString("base64");
}

/** A secret as it may be shown: its last four characters. */
export function maskSecret(text: string): string {
  const start = text.startsWith(prefix) ? prefix : "";
  const isLongEnough = text.length - start.length >= 16;
  return `${start}••••${isLongEnough ? text.slice(-4) : ""}`;
}

export type Sealer = {
  /** Encrypts a text; it opens only under the same context, such as the webhook's id. */
  seal: (text: string, context: string) => string;
  /** Decrypts it. Throws `secret_unavailable` when key, context or text are not those it was sealed with. */
  open: (sealed: string, context: string) => string;
};

/** Seals secrets at rest: AES-256-GCM under a key derived from the master key's text. */
export function sealer(masterKey: string): Sealer {
  const key = derive(masterKey, "seal secrets");
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      const parts = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return `${version}.${Buffer.concat(parts).toString("base64url")}`;
    },
    open(sealed, context) {
      try {
        return decrypt(key, sealed, context);
      } catch (cause) {
        throw new Error("secret_unavailable", { cause });
      }
    },
  };
}

function decrypt(key: Buffer, sealed: string, context: string): string {
  const [name, encoded, ...rest] = sealed.split(".");
  if (name !== version || encoded === undefined || rest.length > 0) throw new Error("not sealed");
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length < nonceBytes + tagBytes) throw new Error("too short");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-tagBytes));
  const start = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  return Buffer.concat([start, decipher.final()]).toString("utf8");
}

/** A MAC over a value for one purpose (a session cookie, say), in base64url. */
export function signValue(masterKey: string, value: string, purpose: string): string {
  const key = derive(masterKey, `sign ${purpose}`);
  return createHmac("sha256", key).update(value).digest("base64url");
}

/** Is this the MAC that `signValue` makes of it? Takes the same time whatever differs. */
export function verifyValue(
  masterKey: string,
  { value, purpose, mac }: { value: string; purpose: string; mac: string },
): boolean {
  const given = Buffer.from(mac);
  const expected = Buffer.from(signValue(masterKey, value, purpose));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function derive(masterKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", masterKey, "turbo-webhooks", purpose, 32));
}
