import { openEmbedded } from "./embedded";
import { describePromises } from "./keeps-promises";

describePromises("the embedded engine", { open: openEmbedded, isEmbedded: true });
