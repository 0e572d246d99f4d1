package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"bespoke/eval"
)

// evaluation is the report of the evaluate verb.
type evaluation struct {
	Recipe       string  `json:"recipe"`
	Interactions int     `json:"trainingInteractions"`
	Items        int     `json:"items"`
	Users        int     `json:"testUsers"`
	HitRate5     float64 `json:"hitRateAt5"`
	HitRate10    float64 `json:"hitRateAt10"`
	HitRate25    float64 `json:"hitRateAt25"`
	NDCG5        float64 `json:"ndcgAt5"`
	NDCG10       float64 `json:"ndcgAt10"`
	NDCG25       float64 `json:"ndcgAt25"`
	MRR          float64 `json:"mrrAt25"`
	Coverage     float64 `json:"coverage"`
	FitSeconds   float64 `json:"fitSeconds"`
	RankMillis   float64 `json:"rankMillis"` // one user on one processor
	PeakBytes    int64   `json:"peakMemoryBytes,omitempty"`
}

func (e *evaluation) figures(f eval.Figures) {
	e.Users, e.MRR, e.Coverage = f.Users, f.MRR, f.Coverage
	e.HitRate5, e.HitRate10, e.HitRate25 = f.HitRate[0], f.HitRate[1], f.HitRate[2]
	e.NDCG5, e.NDCG10, e.NDCG25 = f.NDCG[0], f.NDCG[1], f.NDCG[2]
}

// print writes the report for people.
func (e evaluation) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: trained on %s interactions, asked for %s users, all %s items ranked\n",
		e.Recipe, grouped(int64(e.Interactions)), grouped(int64(e.Users)), grouped(int64(e.Items)))
	fmt.Fprintf(&b, "  HR@5     %.4f    HR@10    %.4f    HR@25    %.4f\n", e.HitRate5, e.HitRate10, e.HitRate25)
	fmt.Fprintf(&b, "  NDCG@5   %.4f    NDCG@10  %.4f    NDCG@25  %.4f\n", e.NDCG5, e.NDCG10, e.NDCG25)
	fmt.Fprintf(&b, "  MRR@25   %.4f    coverage %.4f\n", e.MRR, e.Coverage)
	fmt.Fprintf(&b, "  fit %.2f s, ranking %.2f ms a user", e.FitSeconds, e.RankMillis)
	if e.PeakBytes > 0 {
		fmt.Fprintf(&b, ", peak memory %s MiB", grouped(e.PeakBytes>>20))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// peakMemory returns the most memory that the process has had resident, 0 where
// the system does not tell.
func peakMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
