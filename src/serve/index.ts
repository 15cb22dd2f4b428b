/** serve: entries, stored and live → HTTP and WebSocket for pages and programs. */
export type { ServeContext } from './context.ts';
export type { Matcher } from './filter-group.ts';
export { LiveFeed, type LiveFeedOptions } from './live-feed.ts';
export { type ServeOptions, type ServerHandle, startServer } from './server.ts';
