/** The object that news is about. */
export interface NewsSubject {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

/** Something that people should be able to read about afterwards. */
export interface News {
  about: NewsSubject;
  /** Warning: somebody had better look at it. */
  type: 'Normal' | 'Warning';
  /** What happened, in one word for programs. */
  reason: string;
  /** What was done, in one word for programs. */
  action: string;
  /** What happened, in words for people. */
  note: string;
}
