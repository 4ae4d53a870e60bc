import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  isArrayTypeNode,
  isNoSubstitutionTemplateLiteral,
  isTaggedTemplateExpression,
  type Node,
  type SourceFile,
  type TaggedTemplateExpression,
} from "typescript/unstable/ast";
import { API, TypeFlags, type Checker, type Type } from "typescript/unstable/async";
import { statementText, type DeclaredRow, type DeclaredRows } from "./testing-rows";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What every typed statement (`sql<Row[]>`) of this repository promises, as the compiler sees it. */
export async function readDeclaredRows(): Promise<DeclaredRows> {
  const api = new API({ cwd: root });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [`${root}tsconfig.json`] });
    const [project] = snapshot.getProjects();
    if (!project) throw new Error("The compiler knows no project here.");
    const names = await project.program.getSourceFileNames();
    const ours = names.filter(
      (name) =>
        name.startsWith(root) &&
        !name.includes("/node_modules/") &&
        />\s*`/.test(readFileSync(name, "utf8")),
    );
    const files = await Promise.all(ours.map((name) => project.program.getSourceFile(name)));
    const declared: DeclaredRows = {};
    for (const statement of files.flatMap((file) => (file ? findTyped(file) : []))) {
      const row = await declaredRow(project.checker, statement);
      if (row) (declared[textOf(statement)] ??= []).push(row);
    }
    return declared;
  } finally {
    await api.close();
  }
}

function findTyped(file: SourceFile): TaggedTemplateExpression[] {
  const found: TaggedTemplateExpression[] = [];
  const visit = (node: Node): void => {
    if (isTaggedTemplateExpression(node) && node.typeArguments) found.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function textOf({ template }: TaggedTemplateExpression): string {
  if (isNoSubstitutionTemplateLiteral(template)) return statementText([template.text]);
  const rest = template.templateSpans.map(({ literal }) => literal.text);
  return statementText([template.head.text, ...rest]);
}

async function declaredRow(
  checker: Checker,
  statement: TaggedTemplateExpression,
): Promise<DeclaredRow | null> {
  const rows = statement.typeArguments?.[0];
  const type =
    rows && isArrayTypeNode(rows) && (await checker.getTypeFromTypeNode(rows.elementType));
  if (!type) return null;
  const file = statement.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(statement.getStart(file));
  const properties = await checker.getPropertiesOfType(type);
  const types = await checker.getTypeOfSymbol(properties);
  const columns: DeclaredRow["columns"] = {};
  for (const [index, { name }] of properties.entries()) {
    const promised = types[index];
    columns[name] = promised ? await kindsOf(promised) : [];
  }
  return { at: `${file.fileName.slice(root.length)}:${line + 1}`, columns };
}

const kindsOfFlags: [number, string][] = [
  [TypeFlags.StringLike, "string"],
  [TypeFlags.NumberLike, "number"],
  [TypeFlags.BooleanLike, "boolean"],
  [TypeFlags.Null, "null"],
  [TypeFlags.Undefined, "undefined"],
];

/** Empty: anything. */
async function kindsOf(type: Type): Promise<string[]> {
  if (type.isUnionType()) {
    const parts = await Promise.all((await type.getTypes()).map(kindsOf));
    return parts.some((kinds) => kinds.length === 0) ? [] : [...new Set(parts.flat())];
  }
  const known = kindsOfFlags.find(([flags]) => type.flags & flags);
  if (known) return [known[1]];
  if (!(type.flags & (TypeFlags.Object | TypeFlags.Intersection))) return [];
  return [(await type.getSymbol())?.name === "Date" ? "Date" : "object"];
}
