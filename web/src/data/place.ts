/** Which page is shown, as the path of the address. */
import { observable } from './observable.ts';

export type Place = 'traffic' | 'targets';

const paths: Readonly<Record<Place, string>> = { traffic: '/', targets: '/targets' };

const placeOf = (path: string): Place => (path === paths.targets ? 'targets' : 'traffic');

export const placeState = observable<{ readonly place: Place }>({
  place: placeOf(globalThis.location?.pathname ?? '/'),
});

/** The address of a page; what it shows stays as it is. */
export const addressOf = (place: Place) => paths[place];

export function goTo(place: Place): void {
  if (place === placeState.get().place) return;
  history.pushState(null, '', paths[place] + location.search);
  placeState.set({ place });
}

if (typeof window !== 'undefined') {
  window.addEventListener('popstate', () => placeState.set({ place: placeOf(location.pathname) }));
}
