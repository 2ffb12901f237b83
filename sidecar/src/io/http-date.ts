/** The time for `Date` fields (IMF-fixdate, RFC 9110 §5.6.7), made once a second. `wallMs`: ms since 1970. */
export function newHttpDate(wallMs: () => number): () => string {
  let second = -1;
  let text = '';
  return () => {
    const now = Math.floor(wallMs() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
