import type { OwnLines } from './own-lines.js';

export const de: OwnLines = {
  greeting: 'Guten Tag und vielen Dank für Ihren Anruf. Was kann ich für Sie tun?',
  lines: {
    handover: 'Gerne. Ich verbinde Sie mit jemandem aus dem Team. Einen Moment, bitte.',
    assistantFailed: 'Entschuldigung. Ich verbinde Sie.',
    stopping: 'Ich verbinde Sie mit jemandem aus dem Team, der Ihnen weiterhilft. Einen Moment, bitte.',
    nobodyFree:
      'Es tut mir leid, im Moment ist niemand frei. Soll ich etwas ausrichten, oder möchten Sie zurückgerufen werden?',
    leaveMessage:
      'Es tut mir leid, im Moment ist niemand frei. Bitte sprechen Sie nach dem Ton, und drücken Sie am Ende die Rautetaste.',
    messageThanks:
      'Vielen Dank. Jemand aus dem Team hört Ihre Nachricht ab und meldet sich bei Ihnen. Auf Wiederhören.',
    callbackPromised:
      'Es tut mir leid, im Moment ist niemand frei. Wir rufen Sie unter der Nummer zurück, von der Sie anrufen. Auf Wiederhören.',
    noHuman:
      'Es tut mir leid, im Moment kann niemand Ihren Anruf annehmen. Bitte rufen Sie später noch einmal an. Auf Wiederhören.',
    stillThere: 'Sind Sie noch da?',
    stillThereAgain: 'Ich kann Sie nicht hören. Kann ich noch etwas für Sie tun?',
    silentGoodbye: 'Ich beende jetzt den Anruf. Rufen Sie gerne jederzeit wieder an. Auf Wiederhören.',
    takenOver: 'Entschuldigung, ich habe Sie kurz nicht gehört.',
    passedOn: 'Guten Tag, ich übernehme von meinem Kollegen und weiß, worum es geht.',
    oneMoment: 'Einen Moment, bitte.',
    resumed: 'Entschuldigung, wir waren kurz unterbrochen. Ich bin wieder da. Sprechen Sie bitte weiter.',
    busy: 'Vielen Dank für Ihren Anruf. Im Moment sind alle Leitungen belegt. Bitte rufen Sie in ein paar Minuten noch einmal an. Auf Wiederhören.',
    recorded: 'Dieser Anruf wird aufgezeichnet.',
    notRecorded: 'Dieser Anruf wird doch nicht aufgezeichnet.',
    enterDigits: 'Bitte geben Sie die Ziffern jetzt über die Tastatur ein und drücken Sie am Ende die Raute-Taste.',
    enterDigitsAgain:
      'Ich habe nicht alle Ziffern bekommen. Bitte geben Sie sie noch einmal ein und drücken Sie am Ende die Raute-Taste.',
  },
};
