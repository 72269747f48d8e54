import type { OwnLines } from './own-lines.js';

export const es: OwnLines = {
  greeting: 'Buenos días y gracias por llamar. ¿En qué puedo ayudarle?',
  lines: {
    handover: 'Por supuesto. Le paso con un compañero. Un momento, por favor.',
    assistantFailed: 'Disculpe, le paso con un compañero.',
    stopping: 'Le paso con un compañero que seguirá atendiéndole. Un momento, por favor.',
    nobodyFree:
      'Lo siento, en este momento no hay nadie libre. ¿Quiere dejar un recado, o prefiere que le devolvamos la llamada?',
    leaveMessage:
      'Lo siento, en este momento no hay nadie libre. Deje su mensaje después de la señal y pulse la tecla almohadilla cuando termine.',
    messageThanks: 'Gracias. Un compañero escuchará su mensaje y se pondrá en contacto con usted. Adiós.',
    callbackPromised:
      'Lo siento, en este momento no hay nadie libre. Le llamaremos al número desde el que llama. Adiós.',
    noHuman: 'Lo siento, ahora mismo nadie puede atender su llamada. Vuelva a llamar más tarde, por favor. Adiós.',
    stillThere: '¿Sigue ahí?',
    stillThereAgain: 'No le oigo. ¿Puedo ayudarle en algo?',
    silentGoodbye: 'Voy a terminar la llamada. Vuelva a llamar cuando quiera. Adiós.',
    takenOver: 'Disculpe, por un segundo no le oía.',
    passedOn: 'Hola, continúo yo en lugar de mi compañero, que me ha contado de qué se trata.',
    oneMoment: 'Un momento, por favor.',
    resumed: 'Disculpe, se ha cortado un momento. Ya estoy aquí. Siga, por favor.',
    busy: 'Gracias por llamar. En este momento todas nuestras líneas están ocupadas. Vuelva a llamar en unos minutos, por favor. Adiós.',
    recorded: 'Esta llamada se graba.',
    notRecorded: 'Al final, esta llamada no se graba.',
    enterDigits: 'Por favor, introduzca ahora los dígitos con el teclado y pulse la tecla almohadilla cuando termine.',
    enterDigitsAgain:
      'No he recibido todos los dígitos. Por favor, introdúzcalos de nuevo y pulse la tecla almohadilla cuando termine.',
  },
};
