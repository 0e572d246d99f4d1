package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// load keeps connections busy for a round and returns what they saw. Requests
// are bytes that were made beforehand, so that the clients cost little.
func load(s settings, address string, requests [][]byte) (figures, error) {
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var wg sync.WaitGroup
	begun := time.Now()
	deadline := begun.Add(s.duration)
	for c := range s.connections {
		wg.Go(func() {
			mine, err := keepBusy(address, requests, c*len(requests)/s.connections, deadline)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	elapsed := time.Since(begun)
	if failed != nil || len(took) == 0 {
		return figures{}, errors.Join(failed, errors.New("a round failed"))
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
	return figures{rate: float64(len(took)) / elapsed.Seconds(), p50: at(0.5), p99: at(0.99), max: took[len(took)-1]}, nil
}

// keepBusy sends one request after another over one connection.
func keepBusy(address string, requests [][]byte, next int, deadline time.Time) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	for time.Now().Before(deadline) {
		began := time.Now()
		if _, err := conn.Write(requests[next%len(requests)]); err != nil {
			return took, err
		}
		if _, err := readAnswer(r); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
		next++
	}
	return took, nil
}

// probe sends one request and returns the size of the answer's body.
func probe(address string, request []byte) (int, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	return readAnswer(bufio.NewReader(conn))
}

// readAnswer reads an answer, which must be a 200 with a Content-Length, and
// returns the size of its body.
func readAnswer(r *bufio.Reader) (size int, err error) {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return 0, fmt.Errorf("the answer is %s", bytes.TrimSpace(status))
	}
	size = -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	if size < 0 {
		return 0, errors.New("the answer has no Content-Length")
	}
	_, err = io.CopyN(io.Discard, r, int64(size))
	return size, err
}
