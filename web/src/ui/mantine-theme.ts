/** Mantine's menus and dialogs in the page's own clothes; the colours are in theme.css. */
import { createTheme } from '@mantine/core';

export const mantineTheme = createTheme({
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  components: {
    Menu: {
      defaultProps: { shadow: 'none', offset: 4, transitionProps: { duration: 0 } },
      classNames: {
        dropdown: 'menu',
        item: 'menu-item',
        label: 'menu-label',
        divider: 'menu-line',
      },
    },
    Popover: {
      defaultProps: { shadow: 'none', offset: 4, transitionProps: { duration: 0 } },
      classNames: { dropdown: 'menu' },
    },
  },
});
