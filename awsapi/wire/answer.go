package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// appender is an output that writes itself, as encoding/json would but in a third
// of the time. Only what is asked for most often does.
type appender interface {
	appendJSON(b []byte) ([]byte, error)
}

func (r *GetRecommendationsResponse) appendJSON(b []byte) ([]byte, error) {
	return appendAnswer(b, "itemList", r.ItemList, r.RecommendationId)
}

func (r *GetPersonalizedRankingResponse) appendJSON(b []byte) ([]byte, error) {
	return appendAnswer(b, "personalizedRanking", r.PersonalizedRanking, r.RecommendationId)
}

func appendAnswer(b []byte, name string, items []PredictedItem, id string) (_ []byte, err error) {
	b = append(b, '{')
	if items != nil {
		b = append(appendName(b, name), '[')
		for i := range items {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = items[i].appendJSON(b); err != nil {
				return nil, err
			}
		}
		b = append(b, ']')
	}
	if id != "" {
		b = appendString(appendName(b, "recommendationId"), id)
	}
	return append(b, '}'), nil
}

func (p *PredictedItem) appendJSON(b []byte) (_ []byte, err error) {
	b = append(b, '{')
	if p.ItemId != "" {
		b = appendString(appendName(b, "itemId"), p.ItemId)
	}
	if p.Score != nil {
		if b, err = appendFloat(appendName(b, "score"), *p.Score); err != nil {
			return nil, err
		}
	}
	if p.PromotionName != "" {
		b = appendString(appendName(b, "promotionName"), p.PromotionName)
	}
	if p.Metadata != nil {
		if b, err = appendAny(appendName(b, "metadata"), p.Metadata); err != nil {
			return nil, err
		}
	}
	if p.Reason != nil {
		b = append(appendName(b, "reason"), '[')
		for i, r := range p.Reason {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, r)
		}
		b = append(b, ']')
	}
	return append(b, '}'), nil
}

// appendName begins a member of the object that b ends in.
func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			b, _ = appendAny(b, s) // a string has no error
			return b
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendFloat writes a number as encoding/json does, which follows ECMAScript.
func appendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("JSON has no number %v", f)
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); b[n-4] == 'e' && b[n-2] == '0' { // e-07
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b, nil
}

func appendAny(b []byte, v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...), nil
}
