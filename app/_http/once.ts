import type { NextRequest } from "next/server";
import { answerOnce, type Answer } from "@/lib/idempotency";
import { webhookSealer } from "@/lib/webhooks/policy";
import type { Caller } from "./caller";
import type { Admitted, Handler } from "./door";

type Keyed = {
  request: NextRequest;
  call: Admitted;
  key: string;
  text: string;
  caller: Caller | null;
};

/** Answers a request with an Idempotency-Key: again, and marked so, if it was answered before. */
export async function once(
  { request, call, key, text, caller }: Keyed,
  handler: Handler,
): Promise<Response> {
  const { method, nextUrl } = request;
  const path = nextUrl.pathname.replace(/\/+$/, "") + nextUrl.search;
  const { answer, isReplayed } = await answerOnce(call.ctx, {
    asked: { caller: caller?.name ?? "", key, method, path, body: text },
    sealer: webhookSealer(),
    answer: async (ctx) => toAnswer(await handler({ ...call, ctx })),
  });
  const response = new Response(answer.body, answer);
  if (isReplayed) response.headers.set("idempotent-replayed", "true");
  return response;
}

async function toAnswer({ status, headers, body }: Response): Promise<Answer> {
  return {
    status,
    headers: Object.fromEntries(headers),
    body: body && (await new Response(body).text()),
  };
}
