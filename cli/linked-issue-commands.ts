import type { Command, View } from "./command";
import { id } from "./flags";
import { issueView } from "./issue-commands";
import { linkCommands, oneOf } from "./standard-commands";

/** Lists, adds and removes the issues of something that holds some. */
export function linkedIssueCommands(owner: View): Command[] {
  const linked = { path: "issues", view: issueView, flag: id("issue-id", "Which issue") };
  return linkCommands(owner, linked, {
    list: { name: "issues", summary: `List the issues of ${oneOf(owner)}, newest first` },
    add: {
      name: "add-issue",
      summary: `Add an issue to ${oneOf(owner)}`,
      done: "Issue added successfully!",
    },
    remove: {
      name: "remove-issue",
      summary: `Take an issue off ${oneOf(owner)}`,
      done: "Issue removed successfully!",
    },
  });
}
