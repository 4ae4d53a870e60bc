import { request, type IncomingHttpHeaders } from "node:http";

type RawRequest = {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** Its length is told in advance unless `isChunked`. */
  body?: string;
  isChunked?: boolean;
};

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; text: string };

/** One request as it is written, with any Host, path or method: `fetch` would correct them. */
export function rawRequest(
  appUrl: string,
  { method = "GET", path, headers, body, isChunked }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(appUrl);
  const length = body && !isChunked ? { "content-length": String(Buffer.byteLength(body)) } : {};
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: { ...length, ...headers }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.setTimeout(30_000, () => sent.destroy(new Error("No answer within 30 s.")));
    sent.on("error", reject);
    sent.end(body);
  });
}
