export * from "./entities";
export * from "./events";
export * from "./installation";
export * from "./webhooks";
