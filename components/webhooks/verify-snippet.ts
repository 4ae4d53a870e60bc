/** A Node receiver that verifies what it gets; `isEncoded`: the secret starts with `whsec_`. */
export function verifySnippet(isEncoded: boolean): string {
  const secret = isEncoded
    ? "process.env.WEBHOOK_SECRET"
    : 'process.env.WEBHOOK_SECRET, { format: "raw" }';
  return `import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(${secret});

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const event = webhook.verify(Buffer.concat(chunks), request.headers);
    console.log(event.event_type);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(9001);
`;
}
