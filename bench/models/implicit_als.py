"""Fits implicit's ALS to a matrix in files and prints the seconds that fit took:
implicit_als.py FOLDER ITEMS FACTORS ITERATIONS ALPHA REGULARIZATION THREADS."""

import sys
import time

import numpy
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

folder, items, factors, iterations, alpha, regularization, threads = (
    convert(arg) for convert, arg in zip((str, int, int, int, float, float, int), sys.argv[1:], strict=True)
)
starts = numpy.fromfile(f"{folder}/starts", dtype=numpy.uint32).astype(numpy.int32)
columns = numpy.fromfile(f"{folder}/items", dtype=numpy.uint32).astype(numpy.int32)
matrix = scipy.sparse.csr_matrix(
    (numpy.ones(len(columns), dtype=numpy.float32), columns, starts), shape=(len(starts) - 1, items)
)
matrix.sort_indices()
# BLAS threads are to be off, as the package itself advises.
with threadpool_limits(1, "blas"):
    model = AlternatingLeastSquares(
        factors=factors, iterations=iterations, alpha=alpha, regularization=regularization, num_threads=threads, random_state=1
    )
    begun = time.perf_counter()
    model.fit(matrix, show_progress=False)
    print(time.perf_counter() - begun)
model.user_factors.astype(numpy.float32).tofile(f"{folder}/user_factors")
model.item_factors.astype(numpy.float32).tofile(f"{folder}/item_factors")
