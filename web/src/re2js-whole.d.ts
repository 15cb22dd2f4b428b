/** The real `re2js`, by the name that vite.config.ts gives it. */
declare module 're2js-whole' {
  export { RE2JS } from 're2js';
}
