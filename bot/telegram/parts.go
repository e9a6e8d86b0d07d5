package telegram

import (
	"errors"
	"sync"

	"github.com/coopconnexion/relais/bot"
)

// maxPartial bounds the memory of letters of which only a part has arrived.
const maxPartial = 10_000

// partMemory remembers how many parts of a long letter have arrived, for the
// retry. After a restart nobody knows: that is why such an attempt is recorded
// as ambiguous.
type partMemory struct {
	mu   sync.Mutex
	done map[uint64]progress
}

type progress struct{ sent, of int }

// sent is how many parts of the letter have arrived. A letter laid out anew
// (with the mark of a receipt, for one) starts from its beginning if its number
// of parts changed.
func (p *partMemory) sent(id uint64, of int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.done[id]; ok && d.of == of {
		return d.sent
	}
	return 0
}

// keep remembers what arrived before err, and says so in the error.
func (p *partMemory) keep(id uint64, sent, of int, err error) error {
	if sent == 0 {
		return err
	}
	p.mu.Lock()
	if p.done == nil || len(p.done) >= maxPartial {
		p.done = map[uint64]progress{}
	}
	p.done[id] = progress{sent, of}
	p.mu.Unlock()
	var retry *bot.RetryError
	if errors.As(err, &retry) {
		partial := *retry
		partial.Partial = true
		return &partial
	}
	return err
}

func (p *partMemory) forget(id uint64) {
	p.mu.Lock()
	delete(p.done, id)
	p.mu.Unlock()
}
