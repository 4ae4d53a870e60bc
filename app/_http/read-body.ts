import { AppError } from "@/lib/errors";

/**
 * The JSON body of a request; undefined when there is none. Stops reading at `largestBytes`,
 * whatever length was announced. Throws what refuses it: too large, not JSON, not said to be JSON.
 */
export async function readBody(request: Request, largestBytes: number): Promise<unknown> {
  return parseBody(request, await readText(request, largestBytes));
}

/** The text of a body, "" when there is none. */
export async function readText(request: Request, largestBytes: number): Promise<string> {
  if (request.method === "GET" || request.method === "HEAD" || !request.body) return "";
  const most = `The body may have at most ${largestBytes / 1024} KiB.`;
  const tooLarge = new AppError("payload_too_large", most);
  if (Number(request.headers.get("content-length") ?? 0) > largestBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength;
      if (size > largestBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause === tooLarge) throw tooLarge;
    throw new AppError("bad_request", "The request ended before its body did.", { cause });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AppError("malformed_json", "The body is not valid UTF-8.");
  }
}

/** What a body says as JSON; undefined when it is empty. */
export function parseBody(request: Request, text: string): unknown {
  if (text === "") return undefined;
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new AppError("unsupported_media_type", "Send JSON, with Content-Type: application/json.");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be parsed";
    throw new AppError("malformed_json", `The body is not JSON: ${reason}`);
  }
}
