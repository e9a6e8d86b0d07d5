package badger

import (
	"testing"

	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/engine/enginetest"
)

var _ engine.Engine = (*Engine)(nil)

func TestEngine(t *testing.T) { enginetest.Run(t, start(t, t.TempDir(), true)) }
