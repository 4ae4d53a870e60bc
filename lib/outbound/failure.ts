/** Why a POST got no answer. */
export type ErrorClass =
  | "timeout"
  | "dns_error"
  | "blocked_address"
  | "connect_error"
  | "connection_reset"
  | "tls_error"
  | "invalid_response"
  | "aborted"
  | "secret_unavailable";

export type Failure = { errorClass: ErrorClass; message: string };

export const abortedFailure: Failure = {
  errorClass: "aborted",
  message: "Stopped before an answer.",
};

export const resetFailure: Failure = {
  errorClass: "connection_reset",
  message: "The receiver closed the connection without an answer.",
};

export const floodFailure: Failure = {
  errorClass: "invalid_response",
  message: "Too many interim (1xx) answers came before a final one.",
};

const connectReasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens on that port",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  EADDRNOTAVAIL: "the network cannot be reached",
  ETIMEDOUT: "the host did not answer",
  ECONNRESET: "the receiver closed the connection",
  EMFILE: "this service has too many files open",
};

const tlsReasons: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate chain ends in one that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's issuer is not trusted or not sent",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's issuer is not trusted or not sent",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host",
  ERR_SSL_WRONG_VERSION_NUMBER: "the receiver does not speak TLS on that port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the receiver does not speak TLS on that port",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "the receiver has no TLS version of 1.2 or newer",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the receiver has no TLS version of 1.2 or newer",
  ECONNRESET: "the receiver closed the connection",
  EPIPE: "the receiver closed the connection",
};

/** A name that could not be resolved. */
export function dnsFailure(error: unknown): Failure {
  const code = codeOf(error);
  const message =
    code === "ENOTFOUND" || code === "ENODATA"
      ? "The host name has no address."
      : `The host name could not be resolved${code ? ` (${code})` : ""}.`;
  return { errorClass: "dns_error", message };
}

/** A TCP connection that did not come about. */
export function connectFailure(error: Error): Failure {
  const reason = connectReasons[codeOf(error)] ?? codeOf(error);
  return { errorClass: "connect_error", message: `The connection failed: ${reason}.` };
}

/** A TLS handshake that did not come about. */
export function tlsFailure(error: Error): Failure {
  const reason = tlsReasons[codeOf(error)] ?? codeOf(error);
  return { errorClass: "tls_error", message: `TLS failed: ${reason}.` };
}

const resetCodes = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ENOTCONN",
  "UND_ERR_DESTROYED",
]);

/** The connection ended, by the other side, before there was an answer. */
export function isReset(error: Error): boolean {
  const code = codeOf(error);
  return resetCodes.has(code) || (code === "UND_ERR_SOCKET" && !error.message.startsWith("bad "));
}

/** What ended an exchange on an open connection before its status was known. */
export function exchangeFailure(error: Error): Failure {
  const code = codeOf(error);
  if (code === "UND_ERR_HEADERS_OVERFLOW") {
    return {
      errorClass: "invalid_response",
      message: "The response's headers are larger than 16 KiB.",
    };
  }
  const isNotHttp =
    /^HPE_|^HTTPParserError$|^UND_ERR_RES_CONTENT_LENGTH/.test(code) || code === "UND_ERR_SOCKET";
  if (isReset(error)) return resetFailure;
  if (isNotHttp) {
    return { errorClass: "invalid_response", message: "The response is not valid HTTP/1.1." };
  }
  if (code.startsWith("ERR_SSL") || code === "EPROTO") return tlsFailure(error);
  return { errorClass: "connect_error", message: `The request failed: ${error.message}` };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
