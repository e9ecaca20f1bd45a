/* Rust's library asks bcryptprimitives.dll for random bytes; Wine 8 has no such file. For tests
   under Wine only: the same bytes come from advapi32 there. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) {
    return SystemFunction036(bytes, (ULONG)length);
}
