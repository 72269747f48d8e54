import type { OwnLines } from './own-lines.js';

export const en: OwnLines = {
  greeting: 'Hello, thank you for calling. How can I help you today?',
  lines: {
    handover: 'Of course. I am connecting you with a colleague now. One moment, please.',
    assistantFailed: 'I am sorry, let me get you a colleague.',
    stopping: 'Let me get you a colleague who can go on from here. One moment, please.',
    nobodyFree:
      'I am sorry, none of my colleagues is free at the moment. Shall I take a message, or shall somebody call you back?',
    leaveMessage:
      'I am sorry, none of my colleagues is free at the moment. Please leave a message after the tone, and press the hash key when you are done.',
    messageThanks: 'Thank you. A colleague will listen to your message and get back to you. Goodbye.',
    callbackPromised:
      'I am sorry, none of my colleagues is free at the moment. One of them will call you back at the number you are calling from. Goodbye.',
    noHuman: 'I am sorry, nobody can take your call right now. Please call again later. Goodbye.',
    stillThere: 'Are you still there?',
    stillThereAgain: 'I cannot hear you. Is there anything I can do for you?',
    silentGoodbye: 'I will end the call now. Please call again whenever you like. Goodbye.',
    takenOver: 'Sorry, I lost you for a second.',
    passedOn: 'Hello, I am taking over from my colleague, who has told me what this is about.',
    oneMoment: 'One moment, please.',
    resumed: 'Sorry, we were cut off for a moment. I am back. Please go on.',
    busy: 'Thank you for calling. All our lines are busy at the moment. Please call again in a few minutes. Goodbye.',
    recorded: 'This call is recorded.',
    notRecorded: 'This call is not recorded after all.',
    enterDigits: 'Please enter the digits on your keypad now, and press the hash key when you are done.',
    enterDigitsAgain:
      'I did not get all the digits. Please enter them again, and press the hash key when you are done.',
  },
};
