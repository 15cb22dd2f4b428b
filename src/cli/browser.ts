import { spawn } from 'node:child_process';

/** Whether somebody sits in front of a screen on which a browser can open. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (!isTerminal) return false;
  if (process.platform !== 'linux') return true;
  return Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);
}

/** Opens the user's browser; when there is none, the printed address has to do. */
export function openBrowser(url: string): void {
  const [command, ...leading] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '']
        : ['xdg-open'];
  const child = spawn(command!, [...leading, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
