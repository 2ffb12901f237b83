import Type, { type Static } from 'typebox';
import { Block, type Breach, List, Text } from './schema.ts';
import { headerName, headerValue, methodName } from './header-forms.ts';
import { pathForm, prefixForm } from './path-forms.ts';

const HeaderMatch = Type.Object(
  {
    name: Text(headerName, { description: "The header's name, in any case.", maxLength: 128 }),
    exact: Text(headerValue, { description: 'The value that it must have.', maxLength: 4096 }),
  },
  { additionalProperties: false },
);

const ONE_PATH = 'path and pathPrefix exclude each other';

/** Which requests a route takes: all that is written must hold. */
export const RouteMatchSpec = Block(
  {
    methods: List(Text(methodName, { description: 'A method.', maxLength: 64 }), {
      description: 'Methods, any of them. Not written: every method.',
      minItems: 1,
      maxItems: 32,
    }),
    path: Text(pathForm, { description: 'The whole path, or a pattern with parameters: /users/:id.', maxLength: 1024 }),
    pathPrefix: Text(prefixForm, { description: 'The path and all below it, by whole segments.', maxLength: 1024 }),
    headers: List(HeaderMatch, {
      description: 'Headers, all of them.',
      minItems: 1,
      maxItems: 16,
      unique: { field: 'name', anyCase: true },
    }),
  },
  {
    description: 'Which requests this route takes. Not written: all that no other route takes.',
    rule: {
      across: ['path', 'pathPrefix'],
      check: onePath,
      cel: [{ rule: '!has(self.path) || !has(self.pathPrefix)', message: ONE_PATH }],
    },
  },
);
export type RouteMatchSpec = Static<typeof RouteMatchSpec>;

function onePath(match: { path?: string; pathPrefix?: string }): Breach[] {
  if (match.path === undefined || match.pathPrefix === undefined) return [];
  return [{ path: [], message: ONE_PATH }];
}
