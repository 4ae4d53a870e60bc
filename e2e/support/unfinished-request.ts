import { Agent, request } from "node:http";
import type { RawAnswer } from "./raw-request";

type Unfinished = { path: string; headers: Record<string, string> };

/** A POST that tells a length of a terabyte and sends nothing of it. */
export function announceOnly(appUrl: string, { path, headers }: Unfinished): Promise<RawAnswer> {
  const told = { ...headers, "content-length": String(2 ** 40) };
  return sendUntilAnswered(appUrl, { path, headers: told }, () => {});
}

/** A POST whose body goes on until it is answered. */
export function sendWithoutEnd(appUrl: string, unfinished: Unfinished): Promise<RawAnswer> {
  return sendUntilAnswered(appUrl, unfinished, (write) => {
    const more = () => {
      if (write("x".repeat(1024))) setImmediate(more);
    };
    more();
  });
}

/** A POST that is broken off in the middle of its body. */
export async function breakOff(appUrl: string, { path, headers }: Unfinished): Promise<void> {
  const { hostname, port } = new URL(appUrl);
  const told = { "content-type": "application/json", ...headers, "content-length": "1000" };
  const sent = request({ hostname, port, method: "POST", path, headers: told });
  sent.on("error", () => {});
  await new Promise<void>((resolve) => sent.write("{", () => resolve()));
  sent.destroy();
}

function sendUntilAnswered(
  appUrl: string,
  { path, headers }: Unfinished,
  send: (write: (text: string) => boolean) => void,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(appUrl);
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const sent = request({
      // Kept alive: a connection to be closed after the answer is closed under what is still sent.
      hostname,
      port,
      method: "POST",
      path,
      agent: new Agent({ keepAlive: true }),
      headers: { "content-type": "application/json", ...headers },
    });
    sent.on("error", (error) => isAnswered || reject(error));
    sent.on("response", (response) => {
      isAnswered = true;
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => {
        sent.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.flushHeaders();
    send((text) => !isAnswered && sent.write(text) !== undefined);
  });
}
