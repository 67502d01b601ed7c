// What TypeScript's library does not know yet of what the page uses where a browser has it.

interface Uint8ArrayConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}
