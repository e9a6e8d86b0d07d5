package rights

// The public simulators that every answer points to.
const (
	simulatorCAF           = "https://www.caf.fr/allocataires/mes-services-en-ligne/faire-une-simulation"
	simulatorFranceTravail = "https://candidat.francetravail.fr/candidat/simucalcul"
)
