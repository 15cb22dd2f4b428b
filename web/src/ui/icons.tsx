/** The few icons of the page: 16 px outlines that take the text's colour. */
import type { ReactNode } from 'react';

interface IconProps {
  readonly size?: number;
}

function Icon({ size = 14, children }: IconProps & { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const AddIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 4.5v7M4.5 8h7M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z" />
  </Icon>
);
export const ExcludeIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M4.5 8h7M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z" />
  </Icon>
);
export const CopyIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
  </Icon>
);
export const CloseIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const DownloadIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11" />
  </Icon>
);
export const SearchIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.5 10.5l3.5 3.5" />
  </Icon>
);
export const ChevronIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />
  </Icon>
);
export const PauseIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);
export const PlayIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M5 3v10l8-5z" />
  </Icon>
);
export const ThemeIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z" />
    <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
  </Icon>
);
export const RightPaneIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M2 3h12v10H2zM9.5 3v10" />
  </Icon>
);
export const BottomPaneIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M2 3h12v10H2zM2 8.5h12" />
  </Icon>
);
export const HistoryIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 4.5V8l2.5 1.5M2.5 8a5.5 5.5 0 1 0 1.7-4M2.5 2v2.5H5" />
  </Icon>
);
export const WrapIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M2 4h12M2 8h9.5a2.25 2.25 0 0 1 0 4.5H8m1.5-1.5L8 12.5 9.5 14M2 12h3" />
  </Icon>
);
export const BrokenIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M6.5 9.5 3.8 12.2M9.5 6.5l2.7-2.7M5 2.5v2M2.5 5h2M11 13.5v-2M13.5 11h-2" />
  </Icon>
);
export const PreviousIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="m4.5 9.5 3.5-3.5 3.5 3.5" />
  </Icon>
);
export const SentIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 13.5V3M4.5 6.5 8 3l3.5 3.5" />
  </Icon>
);
export const ReceivedIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M8 2.5V13M4.5 9.5 8 13l3.5-3.5" />
  </Icon>
);
export const MessagesIcon = ({ size = 14 }: IconProps) => (
  <Icon size={size}>
    <path d="M5 13V4M2.5 6.5 5 4l2.5 2.5M11 3v9M8.5 9.5 11 12l2.5-2.5" />
  </Icon>
);
