/** Files that are dragged over the page open the place where they may be dropped. */
import { pageState } from '../data/page-state.ts';

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

/** Starts listening; the result stops it. */
export function listenToDraggedFiles(): () => void {
  let isOpenedHere = false;
  const enter = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    // Without this the browser would leave the page and open the file.
    event.preventDefault();
    if (pageState.get().dialog !== 'none') return;
    isOpenedHere = true;
    pageState.set({ dialog: 'schemas' });
  };
  const leave = (event: DragEvent) => {
    // Out of the window; between elements of the page there is one that it goes to.
    if (!isOpenedHere || event.relatedTarget !== null) return;
    isOpenedHere = false;
    pageState.set({ dialog: 'none' });
  };
  const drop = (event: DragEvent) => {
    isOpenedHere = false;
    if (hasFiles(event)) event.preventDefault();
  };
  addEventListener('dragenter', enter);
  addEventListener('dragover', enter);
  addEventListener('dragleave', leave);
  addEventListener('drop', drop);
  return () => {
    removeEventListener('dragenter', enter);
    removeEventListener('dragover', enter);
    removeEventListener('dragleave', leave);
    removeEventListener('drop', drop);
  };
}
