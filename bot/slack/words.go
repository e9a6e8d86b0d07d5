package slack

// What staff read. Short sentences, one idea each.
const (
	sayNoAccess    = "Vous n’avez pas accès à cette action. Demandez à l’administrateur de Relais."
	sayUnknown     = "⚠️ Ce fil n’est relié à personne. Votre message n’a pas été envoyé."
	sayUnknownCard = "⚠️ Cette fiche n’est plus reliée à une personne. Rien n’a été fait."
	sayOldButton   = "Ce bouton n’est plus valable. Rien n’a été fait."
	sayLater       = "⚠️ Rien n’a été enregistré. Réessayez dans un instant."
	sayBroken      = "⚠️ Relais n’a pas pu traiter votre message. Rien n’est parti. Prévenez l’administrateur."
	sayTextOnly    = "📎 Seul le texte est transmis. Le fichier n’a pas été envoyé à la personne."
	sayEdited      = "✏️ Votre message est déjà parti. La personne voit l’ancien texte. Envoyez un nouveau message pour corriger."
	sayEditedNote  = "✏️ Une note interne modifiée n’est pas envoyée. Pour écrire à la personne, envoyez un nouveau message."
	sayDeleted     = "🗑️ Vous avez supprimé le message ici. La personne l’a déjà reçu."
	sayNoForm      = "Le formulaire ne s’est pas ouvert. Cliquez de nouveau."
	sayReason      = "Écrivez une réponse. Elle est obligatoire."
	sayTooLong     = "Votre texte est trop long. Faites plusieurs messages."
	sayBadForm     = "Ce formulaire n’est plus valable. Fermez-le, puis cliquez de nouveau sur le bouton de la fiche."
	sayHelp        = "Relais : les demandes arrivent ici sous forme de fiches.\n" +
		"• Les boutons d’une fiche servent à décider.\n" +
		"• Ce que vous écrivez dans le fil d’une fiche est envoyé à la personne. Le signe 📤 le confirme.\n" +
		"• Une ligne qui commence par // ou par ! est une note interne. Elle n’est jamais envoyée.\n" +
		"• Les fichiers ne sont pas transmis.\n" +
		"• Hors d’un fil, rien n’est envoyé à personne."
)
