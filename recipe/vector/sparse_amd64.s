#include "textflag.h"

// func sumProductsAVX(y, a, rows *float32, index *uint32, n, k int)
//
// Panels of 64 elements of y, then of 8, stay in registers while the rows pass.
TEXT ·sumProductsAVX(SB), NOSPLIT, $0-48
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ rows+16(FP), R8
	MOVQ k+40(FP), R9
	MOVQ R9, R12
	SHLQ $2, R12          // bytes of a row
	CMPQ R9, $64
	JLT narrow
wide:
	MOVQ index+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ SI, BX
	VMOVUPS 0(DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	VMOVUPS 128(DI), Y4
	VMOVUPS 160(DI), Y5
	VMOVUPS 192(DI), Y6
	VMOVUPS 224(DI), Y7
wideloop:
	MOVL (DX), AX
	IMULQ R12, AX
	ADDQ R8, AX
	VMOVUPS 0(BX), Y8
	VMULPS 0(AX), Y8, Y8
	VADDPS Y8, Y0, Y0
	VMOVUPS 32(BX), Y9
	VMULPS 32(AX), Y9, Y9
	VADDPS Y9, Y1, Y1
	VMOVUPS 64(BX), Y10
	VMULPS 64(AX), Y10, Y10
	VADDPS Y10, Y2, Y2
	VMOVUPS 96(BX), Y11
	VMULPS 96(AX), Y11, Y11
	VADDPS Y11, Y3, Y3
	VMOVUPS 128(BX), Y12
	VMULPS 128(AX), Y12, Y12
	VADDPS Y12, Y4, Y4
	VMOVUPS 160(BX), Y13
	VMULPS 160(AX), Y13, Y13
	VADDPS Y13, Y5, Y5
	VMOVUPS 192(BX), Y14
	VMULPS 192(AX), Y14, Y14
	VADDPS Y14, Y6, Y6
	VMOVUPS 224(BX), Y15
	VMULPS 224(AX), Y15, Y15
	VADDPS Y15, Y7, Y7
	ADDQ $4, DX
	ADDQ R12, BX
	DECQ CX
	JNZ wideloop
	VMOVUPS Y0, 0(DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VMOVUPS Y4, 128(DI)
	VMOVUPS Y5, 160(DI)
	VMOVUPS Y6, 192(DI)
	VMOVUPS Y7, 224(DI)
	ADDQ $256, DI
	ADDQ $256, SI
	ADDQ $256, R8
	SUBQ $64, R9
	CMPQ R9, $64
	JGE wide
narrow:
	TESTQ R9, R9
	JZ done
	MOVQ index+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ SI, BX
	VMOVUPS (DI), Y0
narrowloop:
	MOVL (DX), AX
	IMULQ R12, AX
	VMOVUPS (BX), Y8
	VMULPS (R8)(AX*1), Y8, Y8
	VADDPS Y8, Y0, Y0
	ADDQ $4, DX
	ADDQ R12, BX
	DECQ CX
	JNZ narrowloop
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, R8
	SUBQ $8, R9
	JMP narrow
done:
	VZEROUPPER
	RET

// func prefetch(rows unsafe.Pointer, index *uint32, n, stride, size int)
TEXT ·prefetch(SB), NOSPLIT, $0-40
	MOVQ rows+0(FP), R8
	MOVQ index+8(FP), DX
	MOVQ n+16(FP), CX
	MOVQ stride+24(FP), R12
	MOVQ size+32(FP), R13
fetchrow:
	MOVL (DX), AX
	IMULQ R12, AX
	ADDQ R8, AX
	LEAQ (AX)(R13*1), BX
	ANDQ $~63, AX         // the line that it begins in
fetchline:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	CMPQ AX, BX
	JLT fetchline
	ADDQ $4, DX
	DECQ CX
	JNZ fetchrow
	RET
