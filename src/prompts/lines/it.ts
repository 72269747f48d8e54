import type { OwnLines } from './own-lines.js';

export const it: OwnLines = {
  greeting: 'Buongiorno e grazie per aver chiamato. Come posso aiutarla?',
  lines: {
    handover: 'Certo. La metto in contatto con un collega. Un momento, per favore.',
    assistantFailed: 'Mi scusi, le passo un collega.',
    stopping: 'Le passo un collega che proseguirà con lei. Un momento, per favore.',
    nobodyFree:
      'Mi dispiace, in questo momento nessun collega è libero. Vuole lasciare un messaggio, o preferisce essere richiamato?',
    leaveMessage:
      'Mi dispiace, in questo momento nessun collega è libero. Lasci un messaggio dopo il segnale acustico e alla fine prema il tasto cancelletto.',
    messageThanks: 'Grazie. Un collega ascolterà il suo messaggio e si farà sentire. Arrivederci.',
    callbackPromised:
      'Mi dispiace, in questo momento nessun collega è libero. La richiameremo al numero da cui sta chiamando. Arrivederci.',
    noHuman:
      'Mi dispiace, in questo momento nessuno può rispondere. La preghiamo di richiamare più tardi. Arrivederci.',
    stillThere: 'È ancora in linea?',
    stillThereAgain: 'Non la sento. Posso fare qualcosa per lei?',
    silentGoodbye: 'Ora chiudo la chiamata. Ci richiami quando vuole. Arrivederci.',
    takenOver: 'Mi scusi, per un attimo non la sentivo.',
    passedOn: 'Buongiorno, continuo io al posto del mio collega, che mi ha detto di cosa si tratta.',
    oneMoment: 'Un momento, per favore.',
    resumed: 'Mi scusi, la linea si è interrotta per un attimo. Eccomi. Mi dica pure.',
    busy: 'Grazie per aver chiamato. In questo momento tutte le linee sono occupate. La preghiamo di richiamare tra qualche minuto. Arrivederci.',
    recorded: 'Questa chiamata viene registrata.',
    notRecorded: 'Alla fine questa chiamata non viene registrata.',
    enterDigits: 'Inserisca ora le cifre sulla tastiera e prema il tasto cancelletto quando ha finito.',
    enterDigitsAgain:
      'Non ho ricevuto tutte le cifre. Le inserisca di nuovo e prema il tasto cancelletto quando ha finito.',
  },
};
