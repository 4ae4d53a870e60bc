import { describe, expect, it } from "vitest";
import { isAllowedAddress } from "./address";
import { checkTargetUrl, type TargetPolicy } from "./target";

const own = { host: "127.0.0.1", port: 3000 };
const local: TargetPolicy = { isExposed: false, allowNetworks: [], own };
const exposed: TargetPolicy = {
  isExposed: true,
  allowNetworks: [],
  own: { ...own, publicUrl: "https://turbo.example.com" },
};
const allowing = (...allowNetworks: string[]): TargetPolicy => ({ ...exposed, allowNetworks });

function codeOf(url: string, policy = exposed): string {
  const verdict = checkTargetUrl(url, policy);
  return verdict.ok ? "ok" : verdict.code;
}

function canonical(url: string, policy = exposed): string | undefined {
  const verdict = checkTargetUrl(url, policy);
  return verdict.ok ? verdict.url : undefined;
}

describe("checkTargetUrl, addresses", () => {
  it.each([
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "１２７.0.0.1",
  ])("refuses loopback spelled %s when exposed, and allows it when local", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("url_not_allowed");
    expect(codeOf(`http://${host}:9001/`, local)).toBe("ok");
  });

  it.each(["0.0.0.0", "0", "0x", "0.1"])("refuses the unspecified address as %s", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("url_not_allowed");
    expect(codeOf(`http://${host}:9001/`, local)).toBe("url_not_allowed");
  });

  it.each([
    "10.0.0.0",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.255.255",
    "169.254.0.1",
    "198.18.0.1",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
  ])("refuses %s, which is not public, exposed or local", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("url_not_allowed");
    expect(codeOf(`https://${host}/`, local)).toBe("url_not_allowed");
  });

  it.each([
    "9.255.255.255",
    "11.0.0.0",
    "172.15.255.255",
    "172.32.0.1",
    "192.169.0.1",
    "100.63.255.255",
    "100.128.0.0",
    "[2606:4700:4700::1111]",
  ])("allows %s, which is public", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("ok");
  });

  it.each([
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "100.100.100.200",
    "168.63.129.16",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:1::5601:5601]",
    "[::169.254.169.254]",
  ])("refuses the metadata address %s even when everything is allowed", (host) => {
    expect(codeOf(`https://${host}/`, allowing("0.0.0.0/0", "::/0"))).toBe("url_not_allowed");
  });

  it.each([
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[4000::1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::ffff:0:7f00:1]",
  ])("refuses the IPv6 address %s", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("url_not_allowed");
  });

  it("allows what WEBHOOK_ALLOW_NETWORKS names, and nothing beside it", () => {
    expect(codeOf("https://10.1.2.3/", allowing("10.1.0.0/16"))).toBe("ok");
    expect(codeOf("https://10.2.0.1/", allowing("10.1.0.0/16"))).toBe("url_not_allowed");
    expect(codeOf("https://[fd12::1]/", allowing("fd12::/16", "10.0.0.0/8"))).toBe("ok");
    expect(codeOf("https://[::ffff:10.1.2.3]/", allowing("10.1.0.0/16"))).toBe("ok");
  });

  it.each(["localhost", "LOCALHOST", "localhost.", "foo.localhost"])(
    "judges the name %s as loopback",
    (host) => {
      expect(codeOf(`http://${host}/`)).toBe("url_not_allowed");
      expect(codeOf(`http://${host}:9001/webhook`, allowing("127.0.0.1/32"))).toBe("ok");
      expect(codeOf(`http://${host}:9001/webhook`, local)).toBe("ok");
    },
  );

  it.each(["http:127.0.0.1", "http:///127.0.0.1/", "http:\\\\127.0.0.1\\", "https:/127.0.0.1"])(
    "judges %s by its canonical form",
    (url) => {
      expect(codeOf(url)).toBe("url_not_allowed");
    },
  );
});

describe("checkTargetUrl, form", () => {
  it.each(["http://[fe80::1%eth0]/", "http://[fe80::1%25eth0]/"])(
    "refuses a zone id: %s",
    (url) => {
      expect(codeOf(url)).toBe("url_invalid");
    },
  );

  it("refuses a user name or password, and never repeats it", () => {
    for (const url of ["https://user:s3cr3tpw@example.com/", "https://s3cr3tpw@example.com/"]) {
      const verdict = checkTargetUrl(url, exposed);
      expect(verdict).toMatchObject({ ok: false, code: "url_credentials" });
      expect(JSON.stringify(verdict)).not.toContain("s3cr3tpw");
    }
    expect(
      JSON.stringify(checkTargetUrl("http://u:s3cr3tpw@10.0.0.1:99999/", exposed)),
    ).not.toContain("s3cr3tpw");
  });

  it("tells a host from what only looks like one", () => {
    expect(codeOf("http://example.com@127.0.0.1/")).toBe("url_credentials");
    expect(canonical("http://example.com\\@127.0.0.1/", local)).toBe(
      "http://example.com/@127.0.0.1/",
    );
  });

  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://x/",
    "ws://x/",
    "data:text/html,x",
    "gopher://x/",
    "blob:x",
    "mailto:a@b.c",
    "localhost:9001/webhook",
  ])("refuses the scheme of %s", (url) => {
    expect(codeOf(url, local)).toBe("url_scheme");
  });

  it("answers the canonical form, without the fragment", () => {
    expect(canonical("HTTPS://EXAMPLE.com/")).toBe("https://example.com/");
    expect(canonical("https://example.com/h#frag")).toBe("https://example.com/h");
    expect(canonical("http://пример.рф/", local)).toBe("http://xn--e1afmkfd.xn--p1ai/");
    expect(canonical("https://exam\u200Bple.com/")).toBe("https://example.com/");
    expect(canonical("https://exam\u00ADple.com/")).toBe("https://example.com/");
    expect(canonical("https://example.com:443/a b".replace(" ", "%20"))).toBe(
      "https://example.com/a%20b",
    );
  });

  it.each(["\r\nX-A: b", " ", "\t", "\u0000", "\u0085", "\u00A0", "\u2028"])(
    "refuses the raw character %j, which URL() would drop or encode",
    (character) => {
      expect(codeOf(`https://example.com/${character}`)).toBe("url_invalid");
      expect(codeOf(`${character}https://example.com/`)).toBe("url_invalid");
    },
  );

  it.each(["", "/webhook", "example.com/hook", "https://", "https://a b/", "https://exa%00mple/"])(
    "refuses what is not a whole URL: %j",
    (url) => {
      expect(codeOf(url)).toBe("url_invalid");
    },
  );

  it("takes 2,048 characters and refuses 2,049, and a megabyte at once", () => {
    const start = "https://example.com/";
    expect(codeOf(start + "a".repeat(2048 - start.length))).toBe("ok");
    expect(codeOf(start + "a".repeat(2049 - start.length))).toBe("url_too_long");
    expect(codeOf(start + "é".repeat(400))).toBe("url_too_long");
    expect(codeOf(start + "a".repeat(1_000_000))).toBe("url_too_long");
  });

  it("takes labels of 63 and hosts of 253 characters, and none longer or empty", () => {
    const label = "a".repeat(63);
    const host = [label, label, label, "a".repeat(61)].join(".");
    expect(codeOf(`https://${label}.com/`)).toBe("ok");
    expect(codeOf(`https://a${label}.com/`)).toBe("url_invalid");
    expect(codeOf(`https://${host}/`)).toBe("ok");
    expect(codeOf(`https://${host}./`)).toBe("ok");
    expect(codeOf(`https://${host}a/`)).toBe("url_invalid");
    expect(codeOf("https://a..b/")).toBe("url_invalid");
    expect(codeOf("https://a$b/")).toBe("url_invalid");
  });
});

describe("checkTargetUrl, ports", () => {
  it.each([22, 25, 6379, 5432, 0, 6667, 10080])("refuses port %i when exposed", (port) => {
    expect(codeOf(`https://example.com:${port}/`)).toBe("url_port");
  });

  it("refuses an impossible port as invalid", () => {
    expect(codeOf("https://example.com:65536/")).toBe("url_invalid");
  });

  it("allows other ports, and a database's port when local", () => {
    expect(codeOf("https://example.com:8443/")).toBe("ok");
    expect(codeOf("http://localhost:5432/", local)).toBe("ok");
    expect(codeOf("http://localhost:22/", local)).toBe("url_port");
  });
});

describe("checkTargetUrl, own address and https", () => {
  it.each([
    "http://127.0.0.1:3000/api/inngest",
    "http://localhost:3000/",
    "http://127.1:3000/",
    "http://127.9.9.9:3000/",
    "http://0.0.0.0:3000/",
    "http://[::1]:3000/",
    "http://[::ffff:127.0.0.1]:3000/",
    "http://app.localhost:3000/",
  ])("refuses our own address as %s", (url) => {
    expect(codeOf(url, local)).toBe("url_self");
  });

  it.each([
    "https://turbo.example.com/api/v1/events",
    "https://TURBO.example.com.:443/",
    "https://turbo.example.com:3000/",
  ])("refuses our public URL as %s", (url) => {
    expect(codeOf(url)).toBe("url_self");
  });

  it("allows other ports of our host", () => {
    expect(codeOf("http://127.0.0.1:3001/", local)).toBe("ok");
    expect(codeOf("https://turbo.example.com:8443/")).toBe("ok");
  });

  it("wants https when exposed, save for what the allowed networks hold or may hold", () => {
    expect(codeOf("http://example.com/")).toBe("url_https_required");
    expect(codeOf("http://8.8.8.8/", allowing("10.0.0.0/8"))).toBe("url_https_required");
    expect(codeOf("http://10.0.0.1/", allowing("10.0.0.0/8"))).toBe("ok");
    expect(codeOf("http://receiver.internal/", allowing("10.0.0.0/8"))).toBe("ok");
    expect(codeOf("http://example.com/", local)).toBe("ok");
  });
});

describe("isAllowedAddress", () => {
  it("judges addresses in any spelling, and refuses what is none", () => {
    expect(isAllowedAddress("8.8.8.8", exposed)).toBe(true);
    expect(isAllowedAddress("::ffff:8.8.8.8", exposed)).toBe(true);
    expect(isAllowedAddress("[2606:4700:4700::1111]", exposed)).toBe(true);
    expect(isAllowedAddress("0x7f.1", exposed)).toBe(false);
    expect(isAllowedAddress("::ffff:7f00:1", exposed)).toBe(false);
    expect(isAllowedAddress("::ffff:7f00:1", local)).toBe(true);
    for (const none of ["", "example.com", "fe80::1%eth0", "256.1.1.1", "1.2.3.4.5"]) {
      expect(isAllowedAddress(none, allowing("0.0.0.0/0", "::/0"))).toBe(false);
    }
  });
});
