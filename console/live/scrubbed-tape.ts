/** Asks the gateway for the tape of a call without its people. Returns the status if there is none; 0: no answer. */
export async function scrubbedTape(callSid: string): Promise<Blob | number> {
  try {
    const response = await fetch(`/console/api/calls/${callSid}/tape?scrubbed=true`);
    return response.ok ? await response.blob() : response.status;
  } catch {
    return 0;
  }
}

/** Lets the browser keep something as a file. */
export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
