import { generateKeyPairSync, sign } from "node:crypto";

/** A throw-away certificate that signs itself, with its key (PEM), valid around today. */
export function makeCertificate(
  host: string,
  { isExpired = false }: { isExpired?: boolean } = {},
): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(host)))));
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  const dayMs = 86_400_000;
  const alternativeName = sequence(
    oid(2, 5, 29, 17),
    der(0x04, sequence(der(0x82, Buffer.from(host)))),
  );
  const basicConstraints = sequence(
    oid(2, 5, 29, 19),
    der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
  );
  const toBeSigned = sequence(
    der(0xa0, integer(2)),
    integer(Date.now() % 1_000_000),
    algorithm,
    name,
    sequence(utcTime(Date.now() - 9 * dayMs), utcTime(Date.now() + (isExpired ? -2 : 2) * dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeName, basicConstraints)),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(
    toBeSigned,
    algorithm,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function integer(value: number): Buffer {
  const bytes = [0, value >> 24, value >> 16, value >> 8, value].map((byte) => byte & 0xff);
  while (bytes.length > 1 && bytes[0] === 0 && (bytes[1] ?? 0) < 0x80) bytes.shift();
  return der(0x02, Buffer.from(bytes));
}

function utcTime(timeMs: number): Buffer {
  const text = new Date(timeMs).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${text}Z`));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return der(0x06, Buffer.from(bytes));
}
