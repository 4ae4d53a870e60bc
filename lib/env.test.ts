import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { envKeys, isLoopbackHost, readEnv } from "./env";

const key = "k".repeat(24);
const exposed = {
  HOST: "0.0.0.0",
  TURBO_API_KEY: key,
  TURBO_SECRET_KEY: key,
  TURBO_PUBLIC_URL: "https://turbo.example.com/",
};
const inngestKeys = { INNGEST_EVENT_KEY: "event", INNGEST_SIGNING_KEY: "signkey-prod-1" };
const vercel = {
  ...exposed,
  ...inngestKeys,
  HOST: undefined,
  VERCEL: "1",
  DATABASE_URL: "postgres://db.example.com/turbo",
};

describe("defaults", () => {
  it("is local, embedded and on port 3000 when nothing is set", () => {
    const env = readEnv({});
    expect(env).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      databaseUrl: undefined,
      dataDir: resolve(".data"),
      inngest: { engine: "embedded", isDev: false },
      isVercel: false,
      isExposed: false,
      apiKey: undefined,
      secretKey: undefined,
      publicUrl: undefined,
      baseUrl: "http://127.0.0.1:3000",
      allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
    });
    expect(env.webhook).toEqual({
      enabled: true,
      parallelism: 10,
      max: 1000,
      timeoutMs: 30_000,
      retryDelaysSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
      allowNetworks: [],
    });
  });

  it("makes ten attempts over 75 h 35 m 5 s", () => {
    const { retryDelaysSeconds } = readEnv({}).webhook;
    expect(retryDelaysSeconds).toHaveLength(9);
    expect(retryDelaysSeconds.reduce((sum, one) => sum + one)).toBe(75 * 3600 + 35 * 60 + 5);
  });

  it("takes an empty value for none", () => {
    expect(readEnv(Object.fromEntries(envKeys.map((name) => [name, ""])))).toEqual(readEnv({}));
  });
});

describe("values", () => {
  it("reads every key", () => {
    const env = readEnv({
      PORT: "8080",
      HOST: "::1",
      DATABASE_URL: "postgresql://u:p@db/turbo",
      DATA_DIR: "/srv/turbo",
      INNGEST_BASE_URL: "https://inngest.example.com",
      ...inngestKeys,
      TURBO_API_KEY: key,
      TURBO_SECRET_KEY: `${key}2`,
      WEBHOOK_ENABLED: "false",
      WEBHOOK_PARALLELISM: "3",
      WEBHOOK_MAX: "7",
      WEBHOOK_TIMEOUT: "1.5",
      WEBHOOK_RETRY_SCHEDULE: "1s, 2m,3h,1d, 4",
      WEBHOOK_ALLOW_NETWORKS: "10.0.0.0/8, fd00::/8",
    });
    expect(env).toMatchObject({
      port: 8080,
      host: "::1",
      isExposed: false,
      baseUrl: "http://[::1]:8080",
      databaseUrl: "postgresql://u:p@db/turbo",
      dataDir: "/srv/turbo",
      apiKey: key,
      secretKey: `${key}2`,
      inngest: {
        engine: "server",
        baseUrl: "https://inngest.example.com",
        eventKey: "event",
        signingKey: "signkey-prod-1",
        isDev: false,
      },
    });
    expect(env.webhook).toEqual({
      enabled: false,
      parallelism: 3,
      max: 7,
      timeoutMs: 1500,
      retryDelaysSeconds: [1, 120, 10_800, 86_400, 4],
      allowNetworks: ["10.0.0.0/8", "fd00::/8"],
    });
  });

  it.each([
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "3000x"],
    ["DATABASE_URL", "mysql://db/turbo"],
    ["INNGEST_BASE_URL", "inngest.example.com"],
    ["INNGEST_DEV", "yes"],
    ["TURBO_API_KEY", "too short"],
    ["TURBO_SECRET_KEY", "too short"],
    ["TURBO_AUTH", "none"],
    ["TURBO_PUBLIC_URL", "ftp://turbo.example.com"],
    ["WEBHOOK_ENABLED", "maybe"],
    ["WEBHOOK_PARALLELISM", "0"],
    ["WEBHOOK_MAX", "10001"],
    ["WEBHOOK_TIMEOUT", "0"],
    ["WEBHOOK_TIMEOUT", "301"],
    ["WEBHOOK_TIMEOUT", "-1"],
    ["WEBHOOK_RETRY_SCHEDULE", "5s,soon"],
    ["WEBHOOK_RETRY_SCHEDULE", "1s,,2s"],
    ["TURBO_ALLOWED_HOSTS", "a.example,"],
    ["WEBHOOK_ALLOW_NETWORKS", ",10.0.0.0/8"],
    ["WEBHOOK_RETRY_SCHEDULE", "8d"],
    ["WEBHOOK_RETRY_COUNT", "101"],
    ["WEBHOOK_RETRY_COUNT", "-1"],
    ["WEBHOOK_RETRY_DELAY", "2d"],
    ["WEBHOOK_ALLOW_NETWORKS", "10.0.0.0"],
  ])("refuses %s=%s by name, in one line that says what it may be", (name, value) => {
    expect(() => readEnv({ [name]: value })).toThrow(new RegExp(`^${name}: [^\\n]{8,}$`));
  });

  it("names every key that is wrong", () => {
    const read = () => readEnv({ PORT: "x", WEBHOOK_MAX: "y" });
    expect(read).toThrow(/PORT: .*; WEBHOOK_MAX: /);
  });

  it("quotes a wrong value, but never a secret one", () => {
    expect(() => readEnv({ PORT: "x" })).toThrow(/\(it is "x"\)/);
    for (const name of ["TURBO_API_KEY", "TURBO_SECRET_KEY", "DATABASE_URL"]) {
      expect(() => readEnv({ [name]: "hush" })).not.toThrow(/hush/);
    }
  });
});

describe("the guide's simple form of retries", () => {
  it.each([
    [{ WEBHOOK_RETRY_COUNT: "4", WEBHOOK_RETRY_DELAY: "10" }, [10, 20, 40, 80]],
    [{ WEBHOOK_RETRY_COUNT: "2" }, [5, 10]],
    [{ WEBHOOK_RETRY_DELAY: "60" }, [60, 120, 240]],
    [{ WEBHOOK_RETRY_COUNT: "0" }, []],
    [{ WEBHOOK_RETRY_COUNT: "1", WEBHOOK_RETRY_SCHEDULE: "1h,2h" }, [5]],
  ])("turns %o into %o, in place of the schedule", (given, delays) => {
    expect(readEnv(given).webhook.retryDelaysSeconds).toEqual(delays);
  });
});

describe("local or exposed", () => {
  it.each(["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "::1", "[::1]"])(
    "counts %s as loopback",
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
      expect(readEnv({ HOST: host }).isExposed).toBe(false);
    },
  );

  it.each([
    [{ HOST: "0.0.0.0" }],
    [{ HOST: "::" }],
    [{ HOST: "192.168.1.2" }],
    [{ HOST: "localhost.example.com" }],
    [{ HOST: "127.0.0.1.example.com" }],
    [{ TURBO_ALLOWED_HOSTS: "turbo.example.com" }],
    [{ TURBO_AUTH: "required" }],
  ])("is exposed with %o", (given) => {
    expect(readEnv({ ...exposed, HOST: undefined, ...given }).isExposed).toBe(true);
  });

  it("stays local with a public URL on loopback", () => {
    expect(readEnv({ TURBO_PUBLIC_URL: "http://localhost:8080" }).isExposed).toBe(false);
  });

  it("answers for the public URL's host, and drops the slash at its end", () => {
    const env = readEnv({ ...exposed, TURBO_ALLOWED_HOSTS: "turbo.internal" });
    expect(env.allowedHosts).toContain("turbo.example.com");
    expect(env.allowedHosts).toContain("turbo.internal");
    expect(env.publicUrl).toBe("https://turbo.example.com");
    expect(env.baseUrl).toBe("https://turbo.example.com");
  });

  it.each(["TURBO_SECRET_KEY", "TURBO_PUBLIC_URL", "TURBO_API_KEY"])(
    "refuses to be exposed without %s",
    (name) => {
      expect(() => readEnv({ ...exposed, [name]: undefined, TURBO_AUTH: "required" })).toThrow(
        new RegExp(`^${name}: required when exposed`),
      );
    },
  );

  it("refuses an Inngest dev server when exposed", () => {
    expect(() => readEnv({ ...exposed, INNGEST_DEV: "1" })).toThrow(/^INNGEST_DEV: /);
  });

  it("refuses an external database without a secret key", () => {
    expect(() => readEnv({ DATABASE_URL: "postgres://db/turbo" })).toThrow(/^TURBO_SECRET_KEY: /);
  });
});

describe("the engine", () => {
  it.each([
    [{ INNGEST_DEV: "1" }, { engine: "server", isDev: true, baseUrl: undefined }],
    [{ INNGEST_DEV: "0" }, { engine: "embedded", isDev: false }],
    [
      { INNGEST_DEV: "http://127.0.0.1:8288" },
      { engine: "server", isDev: true, baseUrl: "http://127.0.0.1:8288" },
    ],
    [inngestKeys, { engine: "server", isDev: false }],
  ])("is, with %o, %o", (given, inngest) => {
    expect(readEnv(given).inngest).toMatchObject(inngest);
  });

  it.each(["INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY"])(
    "refuses an Inngest server that is no dev server without %s",
    (name) => {
      const given = { ...inngestKeys, INNGEST_BASE_URL: "https://i.example.com" };
      expect(() => readEnv({ ...given, [name]: undefined })).toThrow(new RegExp(`^${name}: `));
    },
  );

  it("is exposed on Vercel, and needs a database and Inngest keys there", () => {
    expect(readEnv(vercel)).toMatchObject({ isExposed: true, isVercel: true });
    expect(() => readEnv({ ...vercel, DATABASE_URL: undefined })).toThrow(/^DATABASE_URL: /);
    const withoutKeys = { INNGEST_EVENT_KEY: undefined, INNGEST_SIGNING_KEY: undefined };
    expect(() => readEnv({ ...vercel, ...withoutKeys })).toThrow(/^INNGEST_SIGNING_KEY: /);
  });
});

describe(".env.example", () => {
  const lines = readFileSync(new URL("../.env.example", import.meta.url), "utf8").split("\n");
  const listed = lines.flatMap((line) => {
    const match = /^# ([A-Z][A-Z_]+)=(.*)$/.exec(line);
    return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ""] as const];
  });

  it("lists every key there is, once, and no other", () => {
    expect(listed.map(([name]) => name).toSorted()).toEqual(envKeys.toSorted());
  });

  it("shows the defaults", () => {
    expect(readEnv(Object.fromEntries(listed))).toEqual(readEnv({}));
    const withDefault = listed.flatMap(([name, value]) => (value === "" ? [] : [name]));
    expect(withDefault).toEqual([
      "PORT",
      "HOST",
      "DATA_DIR",
      "WEBHOOK_ENABLED",
      "WEBHOOK_PARALLELISM",
      "WEBHOOK_MAX",
      "WEBHOOK_TIMEOUT",
      "WEBHOOK_RETRY_SCHEDULE",
    ]);
  });

  it("sets nothing, and explains each key in the line above it", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("# "))).toEqual([]);
    for (const [name] of listed) {
      const place = lines.findIndex((line) => line.startsWith(`# ${name}=`));
      expect(lines[place - 1]).toMatch(/^# .{8,}/);
      expect(lines[place - 1]).not.toMatch(/^# [A-Z_]+=/);
    }
  });
});
