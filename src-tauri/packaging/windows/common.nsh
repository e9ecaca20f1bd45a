; What the installer and the uninstaller share. Functions take and give `$Problem` and `$Code`.

!macro CheckProgram file
  ${If} ${FileExists} "$INSTDIR\${file}"
    ClearErrors
    FileOpen $R0 "$INSTDIR\${file}" a
    ${If} ${Errors}
      StrCpy $R1 "${file}"
      StrCpy $Problem "$(Running)"
      StrCpy $Code ${CODE_RUNNING}
    ${Else}
      FileClose $R0
    ${EndIf}
  ${EndIf}
!macroend

!macro Common un

; Finds the file that /LOG names.
Function ${un}OpenLog
  Push $0
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/LOG=" $Log
  ${If} ${Errors}
    StrCpy $Log ""
  ${EndIf}
  Pop $0
FunctionEnd

; Writes `$Problem` to standard output in silent mode, and to the file of /LOG. UTF-8 in both.
Function ${un}Say
  ${If} ${Silent}
    System::Call 'kernel32::GetStdHandle(i -11)p.R0'
    ${If} $R0 P<> 0
    ${AndIf} $R0 P<> -1
      Call ${un}WriteLine
    ${EndIf}
  ${EndIf}
  ${If} $Log != ""
    ClearErrors
    FileOpen $R0 "$Log" a
    ${IfNot} ${Errors}
      FileSeek $R0 0 END
      Call ${un}WriteLine
      FileClose $R0
    ${EndIf}
  ${EndIf}
FunctionEnd

; The same, but always to a file: what must be found again without /LOG.
Function ${un}Keep
  ${If} $Log == ""
    StrCpy $Log "$TEMP\kuramori-setup.log"
  ${EndIf}
  Call ${un}Say
FunctionEnd

; Writes `$Problem` and a line end to the handle in $R0.
Function ${un}WriteLine
  System::Alloc 8192
  Pop $R1
  StrCpy $R4 "$Problem$\r$\n"
  System::Call 'kernel32::WideCharToMultiByte(i 65001, i 0, w R4, i -1, p R1, i 8192, p 0, p 0)i.R2'
  IntOp $R2 $R2 - 1 ; the count includes the end mark
  ${If} $R2 > 0
    System::Call 'kernel32::WriteFile(p R0, p R1, i R2, *i.R3, p 0)'
  ${EndIf}
  System::Free $R1
FunctionEnd

; Says `$Problem` and ends with `$Code`.
Function ${un}Fail
  Call ${un}Keep
  ${IfNot} ${Silent}
    MessageBox MB_OK|MB_ICONSTOP "$Problem"
  ${EndIf}
  SetErrorLevel $Code
  Quit
FunctionEnd

; A program that runs cannot be opened for writing.
Function ${un}CheckRunning
  StrCpy $Problem ""
  !insertmacro CheckProgram "${NAME}.exe"
  !insertmacro CheckProgram "bin\kuramori.exe"
FunctionEnd

!macroend

!insertmacro Common ""
!insertmacro Common "un."
