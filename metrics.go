package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// metrics are counts and times; never a word, a name or an id of a person.
type metrics struct {
	registry *prometheus.Registry
	inputs   *prometheus.CounterVec
	refused  prometheus.Counter
	turn     prometheus.Histogram
	letters  *prometheus.CounterVec
	age      *prometheus.HistogramVec
}

func newMetrics(a *app) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		inputs:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relais_inputs_total", Help: "Inputs on disk, by channel and kind."}, []string{"channel", "kind"}),
		refused:  prometheus.NewCounter(prometheus.CounterOpts{Name: "relais_inputs_refused_total", Help: "Inputs that could not be kept and were not confirmed."}),
		turn:     prometheus.NewHistogram(prometheus.HistogramOpts{Name: "relais_turn_seconds", Help: "Time from an input to its commit.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16)}),
		letters:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relais_letters_total", Help: "Attempts and ends of letters, by channel, class, state and ambiguity."}, []string{"channel", "class", "state", "ambiguous"}),
		age:      prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "relais_letter_age_seconds", Help: "Time from a letter's commit to its end.", Buckets: prometheus.ExponentialBuckets(0.005, 3, 14)}, []string{"class"}),
	}
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "relais_letters_waiting", Help: "Letters not finished."}, func() float64 {
		if a.delivery == nil {
			return 0
		}
		return float64(a.delivery.Stats().Waiting)
	})
	m.registry.MustRegister(m.inputs, m.refused, m.turn, m.letters, m.age, waiting, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) input(channel string, kind flows.Kind, took time.Duration, err error) {
	if err != nil {
		m.refused.Inc()
		return
	}
	m.inputs.WithLabelValues(channel, string(kind)).Inc()
	m.turn.Observe(took.Seconds())
}

func (m *metrics) delivery(e bot.Event) {
	ambiguous := "no"
	if e.Ambiguous {
		ambiguous = "yes"
	}
	m.letters.WithLabelValues(e.Channel, string(e.Class), string(e.State), ambiguous).Inc()
	if e.State != flows.Pending {
		m.age.WithLabelValues(string(e.Class)).Observe(e.Age.Seconds())
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
