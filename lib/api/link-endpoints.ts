import { entityNamed } from "@/lib/entities/definitions";
import { addLink, linkedShape, linkInput, listLinked, removeLink } from "@/lib/entities/link";
import type { Link } from "@/lib/entities/links";
import { capital, endpoint, type Endpoint } from "./endpoint";
import { a, sampleRow, shapeOf } from "./entity-words";
import { nothing, pageOf } from "./outcome";

/** Those of what an entity is linked to. */
export function linkEndpoints(link: Link): Endpoint[] {
  const { owner, path, field } = link;
  const { name } = entityNamed(owner.plural);
  const list = `/api/v1/${owner.plural}/{id}/${path}` as const;
  const group = capital(owner.plural);
  const id = `${capital(name)}${capital(path)}`;
  const { shown, example } = linkedExample(link, id);
  return [
    endpoint({
      id: `list${id}`,
      method: "GET",
      path: list,
      group,
      summary: `List the ${path} of ${a(name)}`,
      description: "Newest first.",
      answers: [{ status: 200, kind: "list", description: "A page of them.", ...shown }],
      run: async ({ ctx, params, query }) =>
        pageOf(await listLinked(ctx, link, { id: params.id, query })),
    }),
    endpoint({
      id: `link${id}`,
      method: "POST",
      path: list,
      group,
      summary: `Add one to the ${path} of ${a(name)}`,
      description: `Emits \`updated\` of both${alsoEmitted(link)}. What is there already stays as it is.`,
      body: { of: { name: `Link${id}`, schema: linkInput(link) }, example },
      answers: [
        { status: 201, kind: "resource", description: "What was added.", ...shown },
        { status: 200, kind: "resource", description: "It was there already.", ...shown },
      ],
      run: async ({ ctx, params, body }) => {
        const { linked, isNew } = await addLink(ctx, link, { id: params.id, input: body });
        return { data: linked, status: isNew ? 201 : 200 };
      },
    }),
    endpoint({
      id: `unlink${id}`,
      method: "DELETE",
      path: `${list}/{${field}}`,
      group,
      summary: `Take one off the ${path} of ${a(name)}`,
      description: "Emits `updated` of both.",
      pathWords: { [field]: link.words },
      answers: [{ status: 204, kind: "nothing", description: "It is taken off." }],
      run: async ({ ctx, params }) => {
        const { id: ownerId, [field]: otherId = "" }: Record<string, string> = params;
        await removeLink(ctx, link, { id: ownerId ?? "", otherId });
        return nothing;
      },
    }),
  ];
}

/** How the other end is shown, and how a request names it. */
function linkedExample(link: Link, id: string) {
  const [first] = link.others;
  const other = entityNamed(first?.plural ?? "");
  const isTyped = link.others.length > 1;
  const typed = isTyped ? { entity_type: other.name } : {};
  const of = isTyped ? { name: `Linked${id}`, schema: linkedShape(link) } : shapeOf(other);
  const sample = sampleRow(other);
  return {
    shown: { of, example: { ...typed, ...sample } },
    example: { ...typed, [link.field]: sample.id },
  };
}

function alsoEmitted({ added, owner, others }: Link): string {
  const types = added.map(({ side, action }) => {
    const plural = side === "owner" ? owner.plural : others[0]?.plural;
    return `\`${entityNamed(plural ?? "").name}.${action}\``;
  });
  return types.length > 0 ? `, and ${types.join(" and ")}` : "";
}
