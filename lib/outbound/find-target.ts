import type { TargetPolicy } from "./address";
import { checkTargetUrl, portOf } from "./target";
import type { Failure } from "./failure";
import { blockedMessage, type Place } from "./open-socket";

/** A receiver's URL, taken apart for a POST. */
export type Target = { place: Place; origin: string; path: string };

const mostKnownTargets = 2048;

/** Judges each URL once, for the same few are posted to again and again. */
export function rememberTargets(policy: TargetPolicy): (url: string) => Target | Failure {
  const known = new Map<string, Target | Failure>();
  return (url) => {
    const found = known.get(url);
    if (found) return found;
    const target = judgeTarget(url, policy);
    if (known.size >= mostKnownTargets) known.clear();
    known.set(url, target);
    return target;
  };
}

function judgeTarget(raw: string, policy: TargetPolicy): Target | Failure {
  const verdict = checkTargetUrl(raw, policy);
  if (!verdict.ok) {
    const isPlace = verdict.code === "url_not_allowed" || verdict.code === "url_self";
    return {
      errorClass: "blocked_address",
      message: isPlace ? blockedMessage : verdict.message,
    };
  }
  const url = new URL(verdict.url);
  return {
    place: {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: portOf(url),
      isTls: url.protocol === "https:",
    },
    origin: url.origin,
    path: url.pathname + url.search,
  };
}
