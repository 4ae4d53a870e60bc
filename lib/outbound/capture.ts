import type { IncomingHttpHeaders } from "node:http";
import { StringDecoder } from "node:string_decoder";

const mostBodyBytes = 16 * 1024;

/** What is kept of a response: status, headers, and the first 16 KiB of its body as valid text. */
export class Capture {
  status = 0;
  headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  start(status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    for (const name in headers) {
      const value = headers[name];
      this.headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
    }
  }

  /** Keeps a piece of the body; false: it did not fit, so the body is cut. */
  add(chunk: Buffer): boolean {
    const room = mostBodyBytes - this.#bytes;
    const kept = chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    return chunk.length <= room;
  }

  /** The body as text: what is not UTF-8 becomes U+FFFD, NUL too; a cut leaves no half character. */
  text(isCut: boolean): string {
    const [first, ...rest] = this.#chunks;
    if (!first) return "";
    const bytes = rest.length === 0 ? first : Buffer.concat(this.#chunks);
    const text = isCut ? new StringDecoder("utf8").write(bytes) : bytes.toString("utf8");
    return text.replaceAll("\u0000", "\uFFFD");
  }
}
