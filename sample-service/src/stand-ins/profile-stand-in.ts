import { startStandIn, type Place, type StandIn } from './stand-in.ts';

/** From this id on (count) nobody has a profile. */
export const firstUnknownId = 1_000_000;

const names = ['Ada', 'Barbara', 'Edsger', 'Frances', 'Grace', 'Katherine', 'Tony'];

/** A profile service: `GET /api/profiles/{id}`. */
export function startProfileStandIn(place: Place = {}): Promise<StandIn> {
  return startStandIn({
    ...place,
    answer({ method, path }) {
      const id = Number(/^\/api\/profiles\/([1-9]\d{0,15})$/.exec(path)?.[1]);
      if (method !== 'GET' || Number.isNaN(id) || id >= firstUnknownId) {
        return { status: 404, body: { detail: `There is no ${method} ${path}.` } };
      }
      const name = `${names[id % names.length]} ${id}`;
      return { status: 200, body: { user_id: id, display_name: name, about: `${name} likes examples.` } };
    },
  });
}
