package telegram

import "sync"

// maxPoison bounds the memory of updates that cannot be taken.
const maxPoison = 1000

// poisonCount counts, for webhooks, how often an update was found impossible
// to take.
type poisonCount struct {
	mu   sync.Mutex
	seen map[int64]int
}

func (p *poisonCount) add(id int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || len(p.seen) >= maxPoison {
		p.seen = map[int64]int{}
	}
	p.seen[id]++
	return p.seen[id]
}
