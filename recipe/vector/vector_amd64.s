#include "textflag.h"

// Multiplications and additions are not fused, so that the bits are those of the
// plain code.

// func dotAVX(x, y *float32, n int) float32
TEXT ·dotAVX(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), SI
	MOVQ y+8(FP), DI
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0
dotloop:
	VMOVUPS (SI), Y1
	VMULPS (DI), Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT dotloop
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VZEROUPPER
	MOVSS X0, ret+24(FP)
	RET

// Rows are far apart in memory: the one that comes eight later is fetched ahead.

// func dotsAVX(out, x, rows *float32, index *uint32, count, n, stride int)
TEXT ·dotsAVX(SB), NOSPLIT, $0-56
	MOVQ out+0(FP), DX
	MOVQ x+8(FP), SI
	MOVQ rows+16(FP), R8
	MOVQ index+24(FP), R9
	MOVQ count+32(FP), R10
	MOVQ n+40(FP), R11
	MOVQ stride+48(FP), R12
	SHLQ $2, R11
	SHLQ $2, R12
	LEAQ -4(R9)(R10*4), R13 // the last index
dotsrow:
	LEAQ 32(R9), AX
	CMPQ AX, R13
	CMOVQHI R13, AX
	MOVL (AX), AX
	IMULQ R12, AX
	ADDQ R8, AX
	MOVL (R9), DI
	IMULQ R12, DI
	ADDQ R8, DI
	XORQ CX, CX
	VXORPS Y0, Y0, Y0
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	PREFETCHT0 192(AX)
dotsloop:
	VMOVUPS (SI)(CX*1), Y1
	VMULPS (DI)(CX*1), Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $32, CX
	CMPQ CX, R11
	JLT dotsloop
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VMOVSS X0, (DX)
	ADDQ $4, DX
	ADDQ $4, R9
	DECQ R10
	JGT dotsrow
	VZEROUPPER
	RET

// func addAVX(y, x *float32, a float32, n int)
TEXT ·addAVX(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	VBROADCASTSS a+16(FP), Y2
	MOVQ n+24(FP), CX
addloop:
	VMULPS (SI), Y2, Y1
	VADDPS (DI), Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT addloop
	VZEROUPPER
	RET
